/**
 * What runs in a child process: a module that exports `handlers`, one for each request of the
 * parent.
 *
 *     node child.js file:///…/sides/sender.js
 *
 * It ends with its parent, however that ends.
 */
import process from 'node:process';

/** A request of the parent. */
export interface Request {
  readonly id: number;
  readonly handler: string;
  readonly argument: unknown;
}

/** The answer to it. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/**
 * What a module for child processes exports as `handlers`: each takes one value that can be cloned.
 */
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
