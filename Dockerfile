# LEAN's engine image with lean-live in its Python, for `lean live deploy --image` and `lean backtest --image`.
#   docker build -t lean-live .
ARG BASE_IMAGE=quantconnect/lean:latest

# Built in the image it will run in, so that the extension fits its Python and its C library.
FROM ${BASE_IMAGE} AS build
WORKDIR /src
COPY pyproject.toml setup.py README.md LICENSE ./
COPY live ./live
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM ${BASE_IMAGE}
COPY --from=build /wheels /wheels
RUN python -m pip install --no-cache-dir /wheels/*.whl && rm -r /wheels && lean-live version
