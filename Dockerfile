# syntax=docker/dockerfile:1
# The desk as one image, for arm64 and amd64: docker buildx build --platform linux/arm64,linux/amd64 .
# What a container runs says infra/containers.yaml; left to itself it serves pages.

# The version that Beanstalk has, too. With a digest, the build is the same tomorrow:
# docker buildx build --build-arg PYTHON=python:3.11.15-slim-trixie@sha256:...
ARG PYTHON=python:3.11.15-slim-trixie

FROM ${PYTHON} AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
# Wheels alone, by their hashes: nothing is compiled, so nothing to compile with is installed.
RUN /opt/venv/bin/pip install --require-hashes --only-binary :all: --no-deps -r /tmp/requirements.txt

FROM ${PYTHON} AS desk
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
COPY --from=packages /opt/venv /opt/venv
WORKDIR /desk
COPY . .
# Translations and hashed static files are part of the release. The desk here is an embedded one of its
# own, which is left behind.
RUN VAR_DIR=/tmp/var python manage.py compile_translations --verbosity 0 \
    && VAR_DIR=/tmp/var python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/var \
    && python -m compileall -q -j 0 /desk

FROM ${PYTHON}
# What the desk's figures call this release: docker buildx build --build-arg BUILD=1.4.0 ...
ARG BUILD=""
LABEL org.opencontainers.image.title="Tendril" \
      org.opencontainers.image.description="The help desk that grows on AWS" \
      org.opencontainers.image.revision=${BUILD}
ENV BUILD=${BUILD} \
    PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VAR_DIR=/tmp/var
# A number, so that who starts it can see that it isn't root; with no home and no shell.
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin desk
COPY --from=packages /opt/venv /opt/venv
# Everything is root's: the desk can read itself, and change nothing of it.
COPY --from=desk /desk /desk
WORKDIR /desk
USER 10001:10001
# The one place to write to. Declared, so that a volume over it keeps the rights that it has here.
VOLUME ["/tmp"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz/', timeout=4)"]
# As in the Procfile, but for whoever asks from outside, and with connections that are kept for longer
# than a load balancer keeps idle ones: else it sends requests into those that are being closed.
CMD ["gunicorn", "project.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", \
     "--preload", "--max-requests", "20000", "--max-requests-jitter", "2000", "--timeout", "60", \
     "--graceful-timeout", "30", "--keep-alive", "75", "--worker-tmp-dir", "/dev/shm", \
     "--logger-class", "project.serving.Logger"]
