"""Examples of receivers for Alertmanager. Secrets are read from files, which only their owner may read (mode 0600)."""

from __future__ import annotations

from typing import Any

_SECRETS = "/etc/alertmanager/secrets"
_TITLE = "{{ .CommonLabels.alertname }} {{ .CommonLabels.algorithm }}"
_TEXT = "{{ range .Alerts }}{{ .Annotations.summary }}: {{ .Annotations.description }} {{ .Annotations.runbook_url }}\n{{ end }}"

EXAMPLES: dict[str, dict[str, Any]] = {
    "email": {
        "global": {
            "smtp_smarthost": "smtp.example.org:587",
            "smtp_from": "lean-live@example.org",
            "smtp_auth_username": "lean-live@example.org",
            "smtp_auth_password_file": f"{_SECRETS}/smtp-password",
        },
        "receivers": [
            {"name": "none"},
            {"name": "page", "email_configs": [{"to": "on-call@example.org", "send_resolved": True}]},
            {"name": "ticket", "email_configs": [{"to": "team@example.org", "send_resolved": True}]},
        ],
    },
    "slack": {
        "receivers": [
            {"name": "none"},
            *(
                {
                    "name": name,
                    "slack_configs": [
                        {
                            "api_url_file": f"{_SECRETS}/slack-webhook-url",
                            "channel": channel,
                            "send_resolved": True,
                            "title": _TITLE,
                            "text": _TEXT,
                        }
                    ],
                }
                for name, channel in (("page", "#trading-pages"), ("ticket", "#trading-tickets"))
            ),
        ],
    },
    "pagerduty": {
        "receivers": [
            {"name": "none"},
            *(
                {
                    "name": name,
                    "pagerduty_configs": [
                        {
                            "routing_key_file": f"{_SECRETS}/pagerduty-routing-key",
                            "severity": urgency,
                            "description": _TITLE,
                            "details": {"text": _TEXT},
                        }
                    ],
                }
                for name, urgency in (("page", "critical"), ("ticket", "info"))
            ),
        ],
    },
}
"""By name: the sections `global` and `receivers` of alertmanager.yml."""
