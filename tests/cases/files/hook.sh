#!/bin/sh
echo "$NODE_NAME"
