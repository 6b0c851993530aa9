# syntax=docker/dockerfile:1

# The same Node that package.json pins for every script; a test compares them. The image's own Node serves, so the
# npm package `node` is a development dependency and its install script is never run here.
FROM node:26.10.0-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY rolldown.config.ts ./
COPY src ./src
RUN npm run build:sidecar

FROM node:26.10.0-trixie-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# Stays empty: a COPY of it makes the state folder with an owner, without a shell in the last stage.
WORKDIR /state

FROM node:26.10.0-trixie-slim
WORKDIR /app
ENV NODE_ENV=production CHAPERONE_STATE=/var/lib/chaperone
COPY --from=dependencies --chown=65532:65532 --chmod=0700 /state /var/lib/chaperone
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# Readable by anybody, whatever mask the clone was made with.
COPY --chmod=0755 package.json ./
COPY --chmod=0755 bin ./bin
COPY --chmod=0755 bundle ./bundle
# A number, because Kubernetes' runAsNonRoot cannot judge a name. The application's files stay root's: nothing that runs
# here can change them, and only the state folder, a volume, has to be writable.
USER 65532:65532
VOLUME /var/lib/chaperone
# For plain containers, where the probe listens on its default loopback address; Kubernetes uses its own probes.
HEALTHCHECK --interval=30s --timeout=3s --start-period=15s --retries=3 CMD ["node", "-e", "fetch('http://127.0.0.1:8283/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/bin/chaperone"]
CMD ["serve"]
