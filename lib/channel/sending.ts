import { Observable } from 'rxjs';
import type { SendReport } from './channel.ts';

/**
 * What `Channel.send` returns. `await` does not subscribe to an Observable, so it would silently
 * send nothing; with this class it rejects. RxJS treats it as an Observable and never calls `then`.
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
