# syntax=docker/dockerfile:1
# LEAN's engine image with lean-live in its Python, for `lean live deploy --image` and `lean backtest --image`.
#   docker build -t lean-live .
#   docker build -t lean-live --build-arg BASE_IMAGE=quantconnect/lean:TAG .
ARG BASE_IMAGE=quantconnect/lean:latest

# Built in the image that it will run in, so that the extensions fit its Python and its C library. The compiler is
# installed here only: nothing of this stage but the wheel goes on.
FROM ${BASE_IMAGE} AS build
ARG PYTHON=python
SHELL ["/bin/bash", "-eu", "-o", "pipefail", "-c"]
USER root
RUN if ! command -v cc gcc > /dev/null; then \
        apt-get update; \
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends gcc libc6-dev; \
    fi
WORKDIR /src
COPY pyproject.toml setup.py README.md LICENSE ./
COPY live ./live
COPY deploy ./deploy
COPY grafana ./grafana
RUN "${PYTHON}" -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM ${BASE_IMAGE}
ARG PYTHON=python
SHELL ["/bin/bash", "-eu", "-o", "pipefail", "-c"]
# The wheel is mounted, not copied, so that no layer keeps it. Packages that LEAN's image has are left as they are where
# they will do. Two checks: this is the Python that LEAN loads (PYTHONNET_PYDLL), and the hot path is compiled in it.
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    "${PYTHON}" -m pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore /wheels/*.whl; \
    "${PYTHON}" -P -c 'import os, sys; \
library = os.environ.get("PYTHONNET_PYDLL", ""); \
prefix = os.path.realpath(sys.base_prefix) + os.sep; \
sys.exit(f"LEAN loads {library}, not the Python of {prefix}: name its interpreter by --build-arg PYTHON=PATH" \
    if os.path.isabs(library) and not os.path.realpath(library).startswith(prefix) else 0)'; \
    "${PYTHON}" -P -c 'import sys, live.hot; sys.exit(None if live.hot.COMPILED else "the hot path is not compiled")'
# User, working folder and entry point stay LEAN's: the LEAN CLI mounts its folders for them. A dry run needs no root:
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/project" --workdir /project \
#       --entrypoint lean-live lean-live dry-run main.py
