#!/bin/sh
# What the image needs from Debian: OpenMP for LightGBM, and unixODBC, Kerberos and ltdl for Microsoft's ODBC driver.
set -eu
apt-get update
apt-get install --yes --no-install-recommends libgomp1 libgssapi-krb5-2 libltdl7 unixodbc
rm -rf /var/lib/apt/lists/*
