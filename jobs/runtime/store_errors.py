"""What an object store, its driver or Hadoop's class refused, in a phrase with the remedy."""

from __future__ import annotations

import re

from jobs.runtime.places import EXTRAS

HADOOP = {
    "s3": "spark-s3.conf has the settings",
    "azure": "add org.apache.hadoop:hadoop-azure in the version of Spark's Hadoop to spark.jars.packages",
    "gcs": "add Google's gcs-connector to spark.jars.packages, and fs.gs.impl",
}
_CAUSES = (
    (
        r"NoSuchBucket|bucket does not exist|UnknownStoreException|Bucket .* does not exist|ContainerNotFound"
        r"|container does not exist|filesystem does not exist",
        "no such bucket",
        "make the bucket, or mend its name",
    ),
    (
        r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|ExpiredToken|Access ?Key Id you provided does not exist"
        r"|signature we calculated|AuthenticationFailed|credentials were rejected",
        "keys that the store does not know",
        "mend AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, the profile or the role",
    ),
    (
        r"NoCredentials|Unable to locate credentials|Unable to load credentials|No AWS Credentials|NoAwsCredentials"
        r"|NoAuthWithAWSException|DefaultAzureCredential failed",
        "no keys for the store",
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role of the machine",
    ),
    (
        r"AccessDenied|Access Denied|Forbidden|Status Code: 403|AuthorizationFailure|PermissionError",
        "that these keys may not",
        "allow them to list the bucket, and to read, write and delete below the place",
    ),
    (
        r"EndpointConnectionError|Could not connect to the endpoint|UnknownHost|Connection refused|ConnectTimeout"
        r"|Unable to execute HTTP request",
        "no store at that address",
        "mend AWS_ENDPOINT_URL, or look at the network",
    ),
)


def cause(text: str) -> tuple[str, str] | None:
    """(what was found, what to do about it) where a store or its Hadoop class is the cause."""
    if missing := re.search(r'No FileSystem for scheme "?(\w+)|Class org\.apache\.hadoop\.fs\.(s3a|azurebfs)\.', text):
        kind = {"azurebfs": "abfss"}.get(missing[2], missing[2]) or missing[1]
        return f"no Hadoop class for {kind}://", HADOOP.get(EXTRAS.get(kind, ""), "add its JAR to spark.jars.packages")
    return next(((found, do) for pattern, found, do in _CAUSES if re.search(pattern, text)), None)


def remedy(error: BaseException) -> str:
    """What was found, with the remedy where it is known; else the first line of the error."""
    known = cause(f"{type(error).__name__}: {error}")
    if known:
        return "{}; {}".format(*known)
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:300]}; mend that"
