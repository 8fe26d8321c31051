import { Observable } from 'rxjs';
import type { SendReport, Sending } from './channel.ts';

/**
 * The Observable behind `Sending`. `await` does not subscribe to an Observable, so it would
 * silently send nothing; with this class it rejects. RxJS treats it as an Observable and never
 * calls `then`.
 */
export class SendWhenSubscribed extends Observable<SendReport> implements Sending {
  then(_resolve: unknown, reject: (error: unknown) => void): void {
    reject(
      new TypeError(
        'send returns an Observable, which sends when subscribed: use `await channel.sendOnce(...)`',
      ),
    );
  }
}
