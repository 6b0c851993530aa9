/**
 * Goes on with a value that is nearly always there already, without the turn of the event loop that `await` takes: the
 * known case stays synchronous, and only what has to be asked for is waited for.
 */
export function onceKnown<T, U>(value: T | Promise<T>, proceed: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(proceed) : proceed(value);
}
