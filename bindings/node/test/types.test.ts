// What a program in TypeScript writes. It is compiled, not run.
import { AbortError, AnchorError, Client, type Event } from 'anchor-events';

export async function program(signal: AbortSignal): Promise<string> {
    const client = new Client({ retries: Number.POSITIVE_INFINITY, connectTo: ['a:1', 'b:2'], trust: 'system' });
    const event: Event<{ code: string }> = await client.wait<{ code: string }>('mfa_code', { timeout: 1000, signal });
    for await (const { data } of client.events<{ n: number }>('news')) if (data.n > 3) break;
    const drained: number = await client.drain('news');
    await client.signal('mfa_code', { drained }, { requestId: 'x' });
    // @ts-expect-error: it is no setting
    new Client({ unknown: 1 });
    // @ts-expect-error: it is not a name
    await client.wait(1);
    try {
        client.close();
    } catch (error) {
        if (error instanceof AbortError) return String(error.cause);
        if (error instanceof AnchorError) return `${error.code} ${error.phase} ${error.maybeConsumed}`;
    }
    return event.data.code;
}
