"""A real browser on a page, and the screenshots that are kept of what it saw."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_core_python import selenium as axe
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

SCREENSHOTS = Path(__file__).parent / "screenshots"

PROGRAM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1500",
)

PATIENCE_SECONDS = 60


class Page:
    """What the browser shows of one UI."""

    def __init__(self, driver: WebDriver, ui: str) -> None:
        self._driver = driver
        self._ui = ui

    def open(self, path: str) -> None:
        self._driver.get(self._ui + path)

    def await_text(self, text: str) -> None:
        # A page that is just being left takes its elements with it.
        WebDriverWait(
            self._driver, PATIENCE_SECONDS, ignored_exceptions=[StaleElementReferenceException]
        ).until(lambda _: text in self.text, text)

    @property
    def text(self) -> str:
        return self._driver.find_element(By.TAG_NAME, "body").text

    def click(self, text: str) -> None:
        """Clicks what is labelled so, once it is there."""
        labelled = f"//*[text()[normalize-space()='{text}']]"
        self._first(labelled).click()

    def fill(self, label: str, text: str) -> None:
        """Types into the field under a label."""
        under = f"//*[starts-with(normalize-space(text()), '{label}')]/following::"
        self._first(f"({under}textarea | {under}input)[1]").send_keys(text)

    def keep(self, name: str) -> None:
        """Keeps a screenshot."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self._driver.save_screenshot(str(SCREENSHOTS / f"{name}.png"))

    def look(self, width: int, *, dark: bool) -> None:
        """Sees the page as wide as that from now on, in one of the two schemes."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._tell("Emulation.setEmulatedMedia", features=[scheme])
        self._size(width, 900)

    def print_out(self) -> None:
        """Sees the page as it is printed, as wide as a sheet of A4 between its margins."""
        self._tell("Emulation.setEmulatedMedia", media="print", features=[])
        self._size(688, 900)

    def keep_whole(self, name: str) -> None:
        """Keeps a screenshot of all of the page, however long it is."""
        width, height = self.measure("[innerWidth, document.documentElement.scrollHeight]")
        self._size(width, height)
        self.keep(name)
        self._size(width, 900)

    def measure(self, expression: str) -> Any:
        """What an expression of JavaScript comes to in the page."""
        return self._driver.execute_script(f"return {expression}")

    def requested(self) -> list[str]:
        """The addresses that the page asked for since this was last looked at, its own among them."""
        messages = (json.loads(entry["message"]) for entry in self._driver.get_log("performance"))
        return [
            message["message"]["params"]["request"]["url"]
            for message in messages
            if message["message"]["method"] == "Network.requestWillBeSent"
        ]

    def violations(self) -> list[str]:
        """What keeps people from using the page, as axe finds it."""
        found = axe.Axe().run(self._driver)["violations"]
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]

    def _size(self, width: int, height: int) -> None:
        self._tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def _tell(self, command: str, **parameters: object) -> None:
        self._driver.execute_cdp_cmd(command, parameters)

    @property
    def loaded_seconds(self) -> float:
        """From asking for the page to its end, as the browser counts."""
        took = self.measure("performance.getEntriesByType('navigation')[0].loadEventEnd")
        return float(took) / 1000

    @property
    def driver(self) -> WebDriver:
        """The browser itself, for what is not said above."""
        return self._driver

    def _first(self, path: str) -> WebElement:
        def shown(driver: WebDriver) -> WebElement | None:
            found = driver.find_elements(By.XPATH, path)
            return next((element for element in found if element.is_displayed()), None)

        element = WebDriverWait(self._driver, PATIENCE_SECONDS).until(shown, path)
        assert element is not None
        return element


@contextmanager
def opened(ui: str) -> Iterator[Page]:
    """A browser of its own, with a profile that goes with it."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(PROGRAM)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    with tempfile.TemporaryDirectory(prefix="orderworks-") as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
        try:
            # Its own first page asks for much, which is none of what is looked at.
            driver.get("about:blank")
            driver.get_log("performance")
            yield Page(driver, ui)
        except BaseException:
            Page(driver, ui).keep("as-it-failed")
            raise
        finally:
            driver.quit()
