// The commands of Cordon, as somebody at a terminal would type them, with --json.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM =
  process.env['CORDON_PROGRAM'] ?? fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))

export function cordonAt(cwd, env) {
  const launch = (args) => {
    const child = spawn(process.execPath, [PROGRAM, ...args, '--json'], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const lines = []
    const waiting = new Set()
    const wake = () => {
      for (const look of waiting) look()
    }
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const parts = (rest + text).split('\n')
      rest = parts.pop() ?? ''
      for (const part of parts) lines.push(JSON.parse(part))
      wake()
    })
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text
    })
    let isOver = false
    const ended = once(child, 'close').then(([code]) => {
      isOver = true
      wake()
      return code
    })
    return { child, lines, waiting, ended, errors: () => errors, isOver: () => isOver }
  }
  return {
    /** Runs a command to its end; throws where it fails. */
    async run(...args) {
      const running = launch(args)
      const code = await running.ended
      if (code !== 0) throw new Error(`cordon ${args.join(' ')} ended with ${code}: ${running.errors()}`)
      return { lines: running.lines }
    },
    /** `cordon start`. */
    start() {
      const running = launch(['start'])
      const { child, lines, waiting } = running
      return {
        /** The place of the next line. */
        mark: () => lines.length,
        /** The first line from a place on that fits. */
        until: (fits, from = 0) =>
          new Promise((resolve, reject) => {
            let next = from
            const end = (act) => {
              clearTimeout(timer)
              waiting.delete(look)
              act()
            }
            const look = () => {
              for (; next < lines.length; next++) {
                const line = lines[next]
                if (fits(line)) return end(() => resolve(line))
              }
              if (running.isOver())
                end(() => reject(new Error(`cordon ended: ${running.errors().slice(-2_000)}`)))
            }
            const timer = setTimeout(
              () =>
                end(() =>
                  reject(
                    new Error(
                      `waited for two minutes: ${lines
                        .filter(({ type }) => type !== 'block')
                        .slice(-12)
                        .map((line) => line.message ?? line.type)
                        .join('\n')}\n${running.errors().slice(-3_000)}`,
                    ),
                  ),
                ),
              120_000,
            )
            waiting.add(look)
            look()
          }),
        async stop() {
          if (!running.isOver()) child.kill('SIGINT')
          await running.ended
        },
      }
    },
  }
}
