/** Exact numbers in JSON: beyond 2^53 a number is a decimal string, since most readers of JSON round it. */

import { PermanentError, ValidationError } from "../src/errors.ts";
import type { Json } from "../src/protocol.ts";
import type { StepContext } from "../src/step-context.ts";
import { Fraction } from "./fraction.ts";

const LARGEST_EXACT = 2n ** 53n;
/** Products and halves of integers end; this is more places than they have. */
const PLACES = 1000n;

/** The task's input `even_number`; anything but an even integer is a permanent failure. */
export function evenNumber(context: StepContext): Fraction {
  const value = context.input["even_number"];
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw new ValidationError(`even_number must be an even integer, not ${JSON.stringify(value)}`);
  }
  if (value % 2 !== 0) throw new ValidationError(`even_number must be even, not ${value}`);
  return new Fraction(BigInt(value));
}

/** A number that the template gives the handler. */
export function constant(context: StepContext, name: string): Fraction {
  const number = Fraction.parse(context.initialization[name]);
  if (!number) throw new PermanentError(`the template gives step ${context.stepName} no number \`${name}\``);
  return number;
}

/** The numbers that the steps before this one computed, in the template's order. */
export function resultsOfParents(context: StepContext): Fraction[] {
  return context.parents.map((name) => decode(name, context.resultOf(name)));
}

export function resultOfParent(context: StepContext): Fraction {
  const [result] = resultsOfParents(context);
  if (!result) throw new PermanentError(`step ${context.stepName} has no parent`);
  return result;
}

export function encode(number: Fraction): number | string {
  const { numerator, denominator } = number;
  const size = numerator < 0n ? -numerator : numerator;
  const exact = size <= LARGEST_EXACT * denominator;
  if (denominator === 1n) return exact ? Number(numerator) : String(numerator);
  const text = decimal(numerator < 0n, size, denominator);
  return exact && String(Number(text)) === text ? Number(text) : text;
}

function decode(name: string, result: Json): Fraction {
  const value = result !== null && typeof result === "object" && !Array.isArray(result) ? result["result"] : result;
  const number = Fraction.parse(value);
  if (!number) throw new PermanentError(`step ${name} has no number as its result: ${JSON.stringify(value)}`);
  return number;
}

function decimal(negative: boolean, size: bigint, denominator: bigint): string {
  const rest = (size % denominator) * 10n ** PLACES;
  const places = String(rest / denominator).padStart(Number(PLACES), "0").replace(/0+$/, "");
  return `${negative ? "-" : ""}${size / denominator}.${places}`;
}
