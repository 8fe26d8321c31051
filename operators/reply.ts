// `NonNullable<unknown>`, which is `{}`, accepts any value, including one of a generic type;
// `unknown` would absorb the rest of the union.
/* eslint-disable @typescript-eslint/no-generated-empty-object-type */
import { map, type OperatorFunction } from 'rxjs';
import { checkFunction } from '../lib/model/check-function.ts';
import type { DirectEnvelope, InboundEnvelope } from '../lib/model/envelope.ts';

type Primitive = string | number | bigint | boolean | symbol | null | undefined;

/**
 * Any value. As the constraint of a type parameter it makes the compiler keep literals at any
 * depth, so that `{ kind: 'resign' }` does not become `{ kind: string }`. A `const` type parameter
 * would also make lists `readonly`, and those cannot be assigned to the lists of a message.
 */
type AsWritten<P> = P | NonNullable<unknown> | null | undefined | [] | AsWritten<P>[] | Fields<P>;
interface Fields<P> {
  [name: string]: AsWritten<P>;
}

/**
 * Answers each message: sends the result of `project` to the message's sender.
 *
 *     in   --A--|           A: { from: peer, message: a }
 *          reply(project)
 *     out  --B--|           B: { to: peer, message: project(a, A) }
 *
 * An echo that reads no faster than the peers accept its answers, and does not wait for those that
 * have left:
 *
 *     const answers = reply((text: string) => `you said ${text}`);
 *     chat.in$.pipe(answers, pipeTo(chat, { absent: 'drop' })).subscribe();
 *
 * For answers that take time, use `boundedMergeMap`:
 *
 *     chat.in$
 *       .pipe(
 *         boundedMergeMap(async ({ from, message }) => {
 *           await save(message);
 *           return { to: from, message: 'saved' };
 *         }),
 *         pipeTo(chat, { absent: 'drop' }),
 *       )
 *       .subscribe();
 *
 * An exception from `project` becomes the error of the result. Applied to a flow, it carries
 * demand.
 *
 * @throws {TypeError} if `project` is not a function
 */
export function reply<T, R extends AsWritten<P>, P extends Primitive = Primitive>(
  project: (message: T, envelope: InboundEnvelope<T>) => R,
): OperatorFunction<InboundEnvelope<T>, DirectEnvelope<R>> {
  checkFunction('reply: project', project);
  return map((envelope) => {
    const { from, message } = envelope;
    return { to: from, message: project(message, envelope) };
  });
}
