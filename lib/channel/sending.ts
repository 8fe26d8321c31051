import { Observable } from 'rxjs';
import type { SendReport } from './channel.ts';

/**
 * What `Channel.send` returns. An `await` would send nothing, silently, since it does not subscribe
 * to an Observable: so this one rejects it. RxJS knows it as an Observable and never calls `then`.
 */
export class Sending extends Observable<SendReport> {
  then(_resolve: unknown, reject: (error: unknown) => void): void {
    reject(
      new TypeError(
        'send returns an Observable, which sends when subscribed: use `await channel.sendOnce(...)`',
      ),
    );
  }
}
