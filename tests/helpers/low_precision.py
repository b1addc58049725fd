"""Which tests need bfloat16: some machines cannot compute in it, such as one whose oneDNN is held back."""

import pytest

from vgg.network import computable

needs_bfloat16 = pytest.mark.skipif(not computable("bfloat16"), reason="this machine cannot compute in bfloat16")
