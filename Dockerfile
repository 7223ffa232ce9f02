# An image that grades this course, confined. How to run it, and which walls stand in it: docs/operations.md.
# It holds the solutions: keep it where students cannot pull it.
ARG PYTHON=3.12
FROM python:${PYTHON}-slim-bookworm

# git says when a clone was handed in
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends git && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/kit
COPY requirements/lock.txt requirements/lock.txt
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/lock.txt
ARG TORCH=2.13.0
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN [ -z "$TORCH" ] || python -m pip install --no-cache-dir --no-deps "torch==$TORCH" --index-url "$TORCH_INDEX"

COPY . .
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation .

# what is public of the data is fetched now: a container that grades has no network
ENV XDG_CACHE_HOME=/opt/cache AUTOGRADER_COURSE=/opt/kit OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
RUN autograder data && chmod -R a+rX /opt

RUN useradd --create-home --uid 1000 grader
USER grader
WORKDIR /home/grader
# answers of the solution are kept beside the results, so that the image can be read-only
ENV XDG_CACHE_HOME=/grades/.cache COURSE_DATA=/opt/cache/autograder
ENTRYPOINT ["autograder"]
CMD ["doctor"]
