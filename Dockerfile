# A daemon as a container's process, with claude. compose.yaml runs it for the project in a directory of yours.
FROM rust:1.95-bookworm AS build
COPY . /aiwg
# What `aiwg --version` then names: `docker build --build-arg AIWG_COMMIT=$(git rev-parse HEAD)`.
ARG AIWG_COMMIT
RUN cargo install --locked --profile dist --path /aiwg/cli --root /usr/local

FROM node:20-bookworm
RUN npm install --global @anthropic-ai/claude-code@latest
COPY --from=build /usr/local/bin/aiwg /usr/local/bin/aiwg-shim /usr/local/bin/
# The user `node` of this image.
USER 1000
WORKDIR /project
CMD ["aiwg", "daemon", "start", "--foreground"]
