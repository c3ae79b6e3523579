"""Settings: ``config/settings.yaml``, overridden from the environment, checked before anything runs.

Each section has a file; ``section`` has what they are made of.

Precedence: the environment (``ORDERWORKS_SECTION__KEY``), then the file that ``ORDERWORKS_CONFIG``
names, then the defaults of ``config/settings.yaml``.
"""

from orderworks.settings.alerts import Alerts, MailServer
from orderworks.settings.approval import Approval
from orderworks.settings.broker import Broker
from orderworks.settings.health import Health
from orderworks.settings.ibkr import IbkrBroker
from orderworks.settings.loading import load_settings
from orderworks.settings.places import PREFIX, home_directory, settings_files
from orderworks.settings.quality import Outliers, Quality, QualityThreshold, QualityThresholds
from orderworks.settings.reconciliation import Reconciliation
from orderworks.settings.simulated import Latency, Slippage
from orderworks.settings.whole import Settings

__all__ = [
    "PREFIX",
    "Alerts",
    "Approval",
    "Broker",
    "Health",
    "IbkrBroker",
    "Latency",
    "MailServer",
    "Outliers",
    "Quality",
    "QualityThreshold",
    "QualityThresholds",
    "Reconciliation",
    "Settings",
    "Slippage",
    "home_directory",
    "load_settings",
    "settings_files",
]
