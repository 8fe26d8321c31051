/**
 * The entry point of child processes. Loads a module that exports `handlers`, with one handler for
 * each kind of request.
 *
 *     node child.js file:///…/sides/sender.js
 *
 * Exits when its parent does, for whatever reason.
 */
import process from 'node:process';

/** A request from the parent. */
export interface Request {
  readonly id: number;
  readonly handler: string;
  readonly argument: unknown;
}

/** The reply to a request. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** The `handlers` of a module for child processes. Each takes one cloneable value. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each handler has a parameter of its own
export type Handlers = Record<string, (argument: any) => unknown>;

async function serve(module: string): Promise<void> {
  const { handlers } = (await import(module)) as { handlers: Handlers };
  process.on('message', (request: Request) => {
    void answer(handlers, request).then((reply) => process.send?.(reply));
  });
  process.send?.('ready');
}

async function answer(handlers: Handlers, { id, handler, argument }: Request): Promise<Reply> {
  try {
    const handle = handlers[handler];
    if (handle === undefined) throw new TypeError(`there is no handler ${handler}`);
    return { id, value: await handle(argument) };
  } catch (error) {
    console.error(error);
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

process.on('disconnect', () => process.exit());
await serve(process.argv[2] ?? '');
