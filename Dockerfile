# One image for api, worker and the operator's commands; the command decides which. TypeScript runs as it is, so there is nothing to build.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without the Node that is pinned for other machines: the image's own runs here.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev

FROM node:24.21.0-bookworm-slim
# Temporal's client trusts the system's certificates, not Node's, and this image has none.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production LOG_FORMAT=json DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json config.ts ./
COPY config config
COPY domain domain
COPY workflows workflows
COPY activities activities
COPY adapters adapters
COPY api api
COPY worker worker
COPY cli cli
# What setup local installs, once it is asked to.
COPY local local
COPY migrations migrations
RUN install -d -o node -g node /data
USER node
VOLUME /data
EXPOSE 8000
CMD ["node", "--enable-source-maps", "api/main.ts"]
