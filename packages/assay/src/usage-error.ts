/** What the caller asked for cannot be asked: an option that contradicts another, or names what is not there. Exit code 64. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** Plain data: the option and what there is instead. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.details = details;
  }
}
