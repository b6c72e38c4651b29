# One image for api and worker; the command decides which. TypeScript runs as it is, so there is nothing to build.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The servers of `npm start` are not needed here, nor is the Node that is pinned for other machines.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production LOG_FORMAT=json DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json config.ts ./
COPY domain domain
COPY workflows workflows
COPY activities activities
COPY adapters adapters
COPY api api
COPY worker worker
COPY migrations migrations
RUN install -d -o node -g node /data
USER node
VOLUME /data
CMD ["node", "--enable-source-maps", "api/main.ts"]
