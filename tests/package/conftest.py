"""The wheel of this checkout, built and installed once."""

import pytest
from checkout import Checkout
from installed import Installed


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel, built from the files that git knows."""
    made = Checkout(tmp_path_factory.mktemp("checkout"))
    folder = tmp_path_factory.mktemp("wheel")
    offline = ["--no-deps", "--no-index", "--no-build-isolation"]
    made.done("python", "-m", "pip", "wheel", "--quiet", *offline, "--wheel-dir", str(folder), ".")
    [found] = folder.iterdir()
    return found


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """The wheel with all extras."""
    return Installed(tmp_path_factory.mktemp("installed"), wheel)
