# Training: torch with its CUDA from PyPI, DeepSpeed, no Spark. What is copied is made by `make wheel`.
FROM python:3.12-slim-bookworm

COPY --from=ghcr.io/astral-sh/uv:0.9.13 /uv /usr/local/bin/uv
COPY requirements.lock dist/refinelake-*.whl /opt/build/
RUN uv venv /opt/refinelake \
    && uv pip install --no-cache --python /opt/refinelake/bin/python --constraint /opt/build/requirements.lock \
        "refinelake[train,tracking] @ file:///opt/build/$(basename /opt/build/*.whl)" \
    && useradd --create-home --uid 1000 train

ENV PATH=/opt/refinelake/bin:$PATH
USER 1000
WORKDIR /home/train
ENTRYPOINT ["python", "-m", "training"]
CMD ["train", "--help"]
