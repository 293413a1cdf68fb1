# Spark with refinelake: a driver, a master, a worker, the executor of a pod. What is copied is made by `make wheel pack`.
FROM apache/spark:4.1.4-scala2.13-java17-ubuntu

USER 0
# Ubuntu's own Python is older than the wheel asks for.
COPY --from=ghcr.io/astral-sh/uv:0.9.13 /uv /usr/local/bin/uv
ENV UV_PYTHON_INSTALL_DIR=/opt/python UV_LINK_MODE=copy UV_NO_CACHE=1
COPY requirements.lock dist/refinelake-*.whl /opt/build/
RUN uv venv --python 3.12 /opt/refinelake \
    && uv pip install --python /opt/refinelake/bin/python --constraint /opt/build/requirements.lock \
        "refinelake[tokens,web,instruct] @ file:///opt/build/$(basename /opt/build/*.whl)" \
    && /opt/refinelake/bin/python -m compileall -q /opt/refinelake/lib

# Delta, so that nothing is looked up when a container starts.
COPY dist/cluster/jars/ /opt/spark/jars/
COPY spark-defaults.conf spark-cluster.conf docker/executor-pod.yaml /opt/build/
RUN mkdir -p /opt/spark/conf /data && chown 185 /data \
    && grep -hv '^spark.jars.packages' /opt/build/spark-defaults.conf /opt/build/spark-cluster.conf \
        > /opt/spark/conf/spark-defaults.conf \
    && cp /opt/build/executor-pod.yaml /opt/spark/conf/

ENV PATH=/opt/refinelake/bin:/opt/spark/bin:$PATH \
    PYSPARK_PYTHON=/opt/refinelake/bin/python \
    PYSPARK_DRIVER_PYTHON=/opt/refinelake/bin/python \
    OMP_NUM_THREADS=1
USER 185
