# One image for the API, the workers and the migration; compose.yaml shows how each is started.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24-slim
# Reaps orphans and passes signals on: as process 1, Node would get no default handling of either.
RUN apt-get update \
  && apt-get install -y --no-install-recommends tini \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 WORKER_PORT=3000
# As in scripts/start/processes.ts, which says why.
ENV NODE_OPTIONS=--max-semi-space-size=16
WORKDIR /app
COPY package.json ./
COPY docs/problems docs/problems
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# A volume that is mounted here belongs to whom this directory does.
RUN mkdir files && chown node files
USER node
EXPOSE 3000
# The API and the workers answer at the same port, each in a container of its own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:3000/health/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "dist/src/server.js"]
