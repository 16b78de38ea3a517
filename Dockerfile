# syntax=docker/dockerfile:1

# Images by version; the update bot adds their digests (.github/renovate.json).

# The program as one JavaScript file, and ExifTool. Both are the same on every processor.
FROM --platform=$BUILDPLATFORM denoland/deno:debian-2.9.6 AS build
WORKDIR /build
COPY . .
ARG COMMIT=""
RUN deno task compile --bundle --commit "$COMMIT" --out /dist \
 && mkdir /dist/exiftool \
 && tar -xzf /dist/exiftool.tar.gz -C /dist/exiftool \
 && chmod -R go+rX /dist \
 && chmod 755 /dist/exiftool/exiftool

FROM denoland/deno:bin-2.9.6 AS deno

FROM debian:13-slim
# Perl runs ExifTool; tini hands on signals and clears away processes that have ended.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends perl tini \
 && rm -rf /var/lib/apt/lists/*
COPY --from=deno /deno /usr/local/bin/deno
COPY --from=build /dist/immich-sidecar.js /usr/local/bin/immich-sidecar
COPY --from=build /dist/exiftool /opt/exiftool
COPY --chmod=755 packaging/docker/entrypoint.sh packaging/docker/healthcheck.pl /usr/local/bin/
COPY LICENSE /usr/share/doc/immich-sidecar/LICENSE

# Any user may write here: whoever owns Immich's files runs this container (compose.yaml). What the program makes below
# it is its owner's alone.
RUN mkdir /config && mkdir --mode=1777 /state
VOLUME /state
# The configuration is looked for here. Deno's own cache is of no use: there is nothing to download or to compile twice.
WORKDIR /config
ENV IMMICH_SIDECAR_CONTAINER=1 \
    DENO_DIR=/tmp/deno \
    DENO_NO_UPDATE_CHECK=1 \
    EXIFTOOL_PATH=/opt/exiftool/exiftool \
    WRITE_STATE_DIR=/state/write-back \
    IMMICH_LOG_FILE=/state/write-back.log \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8080
USER 1000:1000
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --start-interval=1s --retries=3 CMD ["healthcheck.pl"]
ENTRYPOINT ["/usr/bin/tini", "--", "entrypoint.sh"]
CMD ["serve"]
