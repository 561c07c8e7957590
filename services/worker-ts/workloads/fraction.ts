/** Exact numbers: a quotient of two integers in lowest terms. */
export class Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;

  constructor(numerator: bigint, denominator = 1n) {
    const sign = denominator < 0n ? -1n : 1n;
    const divisor = greatestCommonDivisor(numerator < 0n ? -numerator : numerator, denominator * sign);
    this.numerator = (numerator * sign) / divisor;
    this.denominator = (denominator * sign) / divisor;
  }

  /** Reads `12`, `-1.5` and `2821109907456`, as a number or as text; anything else is `null`. */
  static parse(value: unknown): Fraction | null {
    if (typeof value !== "number" && typeof value !== "string") return null;
    const [, whole, places = ""] = /^(-?\d+)(?:\.(\d+))?$/.exec(String(value)) ?? [];
    return whole === undefined ? null : new Fraction(BigInt(whole + places), 10n ** BigInt(places.length));
  }

  plus(other: Fraction): Fraction {
    return new Fraction(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  times(other: Fraction): Fraction {
    return new Fraction(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  over(other: Fraction): Fraction {
    return new Fraction(this.numerator * other.denominator, this.denominator * other.numerator);
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a || 1n : greatestCommonDivisor(b, a % b);
}
