import { filter } from 'rxjs';
import { pipeTo, reply } from '../../operators/index.ts';
import { type Channel, raw, type Router } from '../index.ts';

/** Sends every message back: for round trips. */
export const echoChannel = 65_535;
/** Takes every message, and sends an empty one back: for throughput. */
export const sinkChannel = 65_534;

/** The two channels of the bench, on either side. */
export function openBench(router: Router): {
  readonly echo: Channel<Uint8Array>;
  readonly sink: Channel<Uint8Array>;
} {
  return {
    echo: router.openChannel({ id: echoChannel, codec: raw() }),
    sink: router.openChannel({ id: sinkChannel, codec: raw() }),
  };
}

/** Serves `rxmesh bench` until the router stops. */
export function serveBench(router: Router): void {
  const { echo, sink } = openBench(router);
  echo.in$
    .pipe(
      reply((bytes) => bytes),
      pipeTo(echo, { absent: 'drop' }),
    )
    .subscribe();
  sink.in$
    .pipe(
      // In order, so an answer says that everything before it has been taken.
      filter(({ message }) => message.length === 0),
      reply((bytes) => bytes),
    )
    .subscribe(sink.out);
}
