# SPDX-License-Identifier: AGPL-3.0-or-later
# A town. From the root of the checkout:
#   docker build -f deploy/images/town.Dockerfile -t beffroi-town .
FROM node:22-bookworm-slim AS scripts
COPY deploy/vendor /vendor
RUN sh /vendor/bring.sh /scripts

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/beffroi
# The pinned packages first: they change seldom, and their layer is kept.
COPY requirements/run.txt requirements/run.txt
RUN /opt/beffroi/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY federation federation
COPY --from=scripts /scripts federation/beffroi_web/static/vendor
COPY plugin plugin
RUN /opt/beffroi/bin/pip install --no-cache-dir --no-deps --no-build-isolation ./federation ./plugin
# The aggregator is in the same distribution as the protocol; a town never imports it, and without
# it this image shows so.
RUN rm -r /opt/beffroi/lib/python3.11/site-packages/beffroi_federation/aggregator \
          /opt/beffroi/bin/beffroi-aggregator

FROM python:3.11-slim-bookworm
# Numbers, not names: nginx in another container is put into this group.
RUN groupadd --gid 10001 beffroi && \
    useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin beffroi && \
    install -d -o 10001 -g 10001 -m 0700 /data && \
    install -d -o 10001 -g 10001 -m 0750 /signer && \
    install -d -o 10001 -g 10001 -m 0700 /signer/keys && \
    install -d -o 10001 -g 10001 -m 0750 /run/beffroi
COPY --from=build /opt/beffroi /opt/beffroi
COPY deploy/gunicorn.conf.py /etc/beffroi/gunicorn.conf.py
COPY deploy/images/health.py /opt/beffroi/health.py
ENV PATH=/opt/beffroi/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GUNICORN_CMD_ARGS=--config=/etc/beffroi/gunicorn.conf.py \
    BEFFROI_DATA_DIR=/data
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "/opt/beffroi/health.py", "/run/beffroi/web.sock"]
ENTRYPOINT ["beffroi"]
CMD ["serve", "--bind", "unix:/run/beffroi/web.sock"]
