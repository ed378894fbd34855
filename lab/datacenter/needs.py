def main(install: bool) -> int:
    return 0
