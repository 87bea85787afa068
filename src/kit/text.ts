const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/**
 * Makes a text from a chain or a stranger harmless to print: control characters, terminal escapes,
 * zero-width and right-to-left marks become `·`, and it is cut at `max` characters.
 */
export function printable(text: string, max = 80): string {
  const clean = text.replace(CONTROL, '·')
  return clean.length > max ? `${clean.slice(0, max - 1)}…` : clean
}
