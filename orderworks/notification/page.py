"""``docs/alerts.md``, made of the table of kinds: ``python -m orderworks.notification.page``."""

from orderworks.model.alert import KINDS, AlertKind, Severity

_HEAD = """\
# Alerts

<!-- Made by `python -m orderworks.notification.page > docs/alerts.md`; change the table of kinds in
orderworks/model/alert.py, or the words in orderworks/notification/page.py. -->

What a person should know is stored in the ledger first, one row a cause, and told afterwards. `orderworks
alerts` lists it, with who tells it and how far that has come; `orderworks alerts --deliver` tells what
waits. Otherwise that is done after every wave, and by every run at its end.

## Who is told, and how

```
export ORDERWORKS_WEBHOOK_URL=https://...         # a JSON object an alert, as below
export ORDERWORKS_SLACK_WEBHOOK_URL=https://...   # a Slack incoming webhook
export ORDERWORKS_SMTP_PASSWORD=...               # e-mail, with alerts.email in the settings
```

The settings' section `alerts` names these variables, never what is in them: a secret stays in the
environment, or in a block of the Prefect server (`alerts.blocks: [slack-webhook/desk]`). It also sets the
severity from which on a person is told, and the period in which one subject is told once.

Each alert takes one path, which is decided once and kept as `told_by`:

| `told_by` | when | who notifies |
|---|---|---|
| `orderworks` | a channel is in this process's environment | the outbox of the ledger: tried again, for longer each time (5 s to 15 min), until the receiver answers with 2xx; needs no Prefect server |
| `automation` | there is none | the Prefect server's automation `orderworks-alert`, through the blocks that 'orderworks up' gave it; once the server has confirmed the event, Prefect tries once |
| `nobody` | it is less severe than `alerts.minimum_severity`, or its subject was told within `alerts.period_seconds` | it is listed, and an event |

A process that dies between the receiver's answer and its own commit tells that alert again when it comes
back, under the same `Idempotency-Key`: then the receiver can see that it has it.

A receiver or a server that does not answer costs a wave about a second, and is then left alone until its
next try is due. As a run ends, all that waits is tried once more, with more patience.

## Events

Every alert becomes an event `orderworks.KIND` of the Prefect server, in order, confirmed by it, of the
resource `orderworks.account.ACCOUNT` with the labels `orderworks.kind`, `orderworks.severity` and
`orderworks.told_by`. Its payload is the JSON object that webhooks get, and `headline` and `text`. Without a
lasting server (`PREFECT_API_URL`) events wait in the ledger.

A run that failed also says so of its flow run, as `orderworks.run_told`: the automation
`orderworks-run-lost` tells of failed runs of which that does not come within a minute. The other
automations are in deployments/automations.yaml.

## The JSON object

| field | |
|---|---|
| `id` | of the alert: account and number |
| `kind`, `severity` | as below |
| `account` | the trading account |
| `cause` | what happened to what; never told twice |
| `subject` | what it is about; told once a period |
| `message` | what happened, in a sentence |
| `client_order_id` | the order, where it is one |
| `at` | when, market time, ISO 8601 |
| `link` | the run's page in the Prefect UI, where there is one |
| `threshold` | what was breached, where something was |
| `details` | the fields of the kind, as below |

What the Prefect server tells by itself (`run_late`, `run_lost`, `worker_gone`) has `kind`, `severity`,
`cause`, `message` and `link`. It goes to the webhook, to Slack and to `alerts.blocks`, as they were when
'orderworks up' last ran; Prefect itself has no block for e-mail.

## Kinds
"""


def page() -> str:
    """The whole page."""
    sections = [
        _section(severity, [kind for kind in KINDS.values() if kind.severity is severity])
        for severity in sorted(Severity, key=lambda one: -one.rank)
    ]
    return "\n".join([_HEAD, *sections])


def _section(severity: Severity, kinds: list[AlertKind]) -> str:
    return "\n".join([f"### {severity.value.capitalize()}\n", *map(_entry, kinds)])


def _entry(kind: AlertKind) -> str:
    lines = [
        f"**`{kind.name}`**: {kind.when}.",
        f"*What to do:* {kind.action}",
    ]
    if kind.payload:
        fields = "; ".join(f"`{name}` {meaning}" for name, meaning in kind.payload.items())
        lines.append(f"*Details:* {fields}.")
    if kind.by_server:
        lines.append("*Told by the Prefect server itself.*")
    return "  \n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
