import type { App } from './context.ts'

export type ServedApi = { url: string; token: string; stop(): Promise<void> }

export async function serveApi(_app: App, port: number): Promise<ServedApi> {
  return { url: `http://127.0.0.1:${port}`, token: 'x', stop: async () => {} }
}
