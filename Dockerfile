# The image of the showcase: one for every role. For jobs of your own, copy the last stage and put them in the place of the examples
# (docs/deploying.md). Built with: docker build -t meanwhile .
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --no-audit --no-fund \
 && npm run build \
 && npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build --chown=root:root /app/package.json ./
COPY --from=build --chown=root:root /app/node_modules ./node_modules
COPY --from=build --chown=root:root /app/packages ./packages
COPY --from=build --chown=root:root /app/examples ./examples
COPY --chown=root:root --chmod=755 deploy/start.sh /usr/local/bin/start
# What the process writes is files, in a volume; the code it cannot change.
RUN mkdir -p /var/lib/meanwhile/files && chown -R node:node /var/lib/meanwhile
VOLUME /var/lib/meanwhile
USER node
EXPOSE 8080 8081
ENV MEANWHILE_HOST=0.0.0.0 MEANWHILE_FILES=/var/lib/meanwhile/files MEANWHILE_ROLE=all
# A worker has no port: it lives as long as its process does.
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 \
  CMD [ "$MEANWHILE_ROLE" = worker ] || node -e "fetch('http://127.0.0.1:8080/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"
# `exec` makes Node the first process of the container: SIGTERM reaches it, and it stops in order.
ENTRYPOINT ["/usr/local/bin/start"]
CMD ["node", "examples/showcase/dist/main.js"]
