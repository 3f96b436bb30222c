FROM python:3.11-slim
RUN pip install --no-cache-dir torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu
COPY . /source
RUN pip install --no-cache-dir -c /source/constraints.txt /source && rm -rf /source \
    && useradd --create-home musician && mkdir /music && chown musician /music
USER musician
WORKDIR /music
ENTRYPOINT ["gantools"]
CMD ["--help"]
