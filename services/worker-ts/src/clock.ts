/** The clocks that all processes of the machine share; bun's own precise one starts with the process. */
export interface Clock {
  /** Now, as RFC 3339 in UTC with microseconds. */
  wall(): string;
  /** CLOCK_MONOTONIC; exact to two nanoseconds for the first 208 days of a machine's life, to a few after that. */
  monotonicNs(): number;
}

export function rfc3339(unixMicroseconds: bigint): string {
  const time = new Date(Number(unixMicroseconds / 1000n)).toISOString();
  return `${time.slice(0, -1)}${String(unixMicroseconds % 1000n).padStart(3, "0")}Z`;
}
