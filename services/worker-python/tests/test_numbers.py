"""Numbers leave as JSON that nobody rounds."""

from fractions import Fraction
from unittest import TestCase

from worker_python.numbers import LARGEST_EXACT, encode


class Encode(TestCase):
    def test_whole_numbers_stay_numbers_up_to_two_to_the_53(self) -> None:
        self.assertEqual(encode(LARGEST_EXACT), LARGEST_EXACT)
        self.assertEqual(encode(-LARGEST_EXACT), -LARGEST_EXACT)
        self.assertEqual(encode(LARGEST_EXACT + 1), "9007199254740993")

    def test_a_whole_quotient_is_an_integer(self) -> None:
        self.assertIsInstance(encode(Fraction(138, 2)), int)

    def test_halves_are_numbers_where_a_float_holds_them_and_text_elsewhere(self) -> None:
        self.assertEqual(encode(Fraction(133, 2)), 66.5)
        self.assertEqual(encode(Fraction(2**54 + 1, 2)), "9007199254740992.5")
