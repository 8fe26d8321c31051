// `NonNullable<unknown>`, which is `{}`, stands for all values, also of a type that is not known; `unknown` would swallow
// the rest of the union.
/* eslint-disable @typescript-eslint/no-generated-empty-object-type */
import { map, type OperatorFunction } from 'rxjs';
import { checkFunction } from '../lib/model/check-function.ts';
import type { DirectEnvelope, InboundEnvelope } from '../lib/model/envelope.ts';

type Primitive = string | number | bigint | boolean | symbol | null | undefined;

/**
 * Any value. As the bound of a type parameter it makes the compiler keep literals, at any depth: `{ kind: 'resign' }`
 * does not become a `{ kind: string }`. A `const` parameter would do that too, but make lists `readonly`, which fit no
 * message that has a list.
 */
type AsWritten<P> = P | NonNullable<unknown> | null | undefined | [] | AsWritten<P>[] | Fields<P>;
interface Fields<P> {
  [name: string]: AsWritten<P>;
}

/**
 * Answers each message: addresses what `project` makes of it to the peer that sent it.
 *
 *     in   -A-|            A: { from: peer, message: a }
 *          reply(project)
 *     out  -B-|            B: { to: peer, message: project(a, A) }
 *
 * An echo that reads no faster than its answers are taken:
 *
 *     chat.in$.pipe(reply((text) => `you said ${text}`), pipeTo(chat)).subscribe();
 *
 * An answer that takes time is for `boundedMergeMap`:
 *
 *     chat.in$
 *       .pipe(
 *         boundedMergeMap(async ({ from, message }) => {
 *           await save(message);
 *           return { to: from, message: 'saved' };
 *         }),
 *         pipeTo(chat),
 *       )
 *       .subscribe();
 *
 * What `project` throws is the error of the result. Carries demand.
 *
 * @throws {TypeError} for a `project` that is no function
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
