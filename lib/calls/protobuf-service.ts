import { firstValueFrom } from 'rxjs';
import { protobuf, raw, type NodeId, type ReflectedType } from '../index.ts';
import type { AnyMethod } from './method.ts';
import type { CallBoard } from './call-board.ts';
import { roundRobin } from './many.ts';
import { type CallOptions, MethodCalls } from './method-calls.ts';

/** The part of a protobufjs reflection `Service` that rxmesh uses. */
export interface ReflectedService {
  readonly methodsArray: readonly {
    readonly name: string;
    /** Set by `resolve`. */
    readonly resolvedRequestType: ReflectedType | null;
    readonly resolvedResponseType: ReflectedType | null;
    resolve(): unknown;
  }[];
}

/** A function for `create` of a protobufjs service: its methods then call a peer. */
export type RpcImpl = (
  method: { readonly name: string } | null,
  request: Uint8Array | null,
  callback: (error: Error | null, response?: Uint8Array | null) => void,
) => void;

/**
 * The methods of a protobufjs service, for `calls`. Reflection does not know their types, so give
 * them.
 *
 *     interface Sum { readonly a: number; readonly b: number }
 *     interface Total { readonly value: number }
 *     const { root } = parse(`syntax = "proto3";
 *       message Sum { int32 a = 1; int32 b = 2; }
 *       message Total { int32 value = 1; }
 *       service Math { rpc Add (Sum) returns (Total); }`);
 *     const methods = methodsOf<{ Add: MethodOptions<Sum, Total> }>(root.lookupService('Math'));
 *     const math = calls(router, { id: 7, methods });
 *     math.serve({ Add: ({ request: { a, b } }) => ({ value: a + b }) });
 *     math.methods.Add.call(to, { a: 1, b: 2 }).subscribe(({ value }) => console.log(value));
 *
 * @throws {Error} from protobufjs, if a type does not exist
 */
export function methodsOf<M extends { readonly [K in keyof M]: AnyMethod }>(
  service: ReflectedService,
): M {
  const methods = service.methodsArray.map((method) => {
    method.resolve();
    const { resolvedRequestType, resolvedResponseType } = method;
    if (resolvedRequestType === null || resolvedResponseType === null) {
      throw new TypeError(`methodsOf: a type of method ${method.name} is missing`);
    }
    const codecs = {
      request: protobuf(resolvedRequestType),
      response: protobuf(resolvedResponseType),
    };
    return [method.name, codecs];
  });
  return Object.fromEntries(methods) as M;
}

/** See `Service.rpc`. */
export function rpcOf(board: CallBoard, to: NodeId, options: CallOptions | undefined): RpcImpl {
  return (method, request, callback) => {
    // protobufjs calls without a method when the service ends.
    if (method === null || request === null) return;
    const named = { name: method.name, request: raw(), response: raw() };
    const answers = new MethodCalls(board, named, roundRobin()).call(to, request, options);
    firstValueFrom(answers).then(
      (response) => callback(null, response),
      (error: unknown) => callback(error as Error),
    );
  };
}
