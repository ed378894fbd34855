#!/bin/sh
echo mounted
