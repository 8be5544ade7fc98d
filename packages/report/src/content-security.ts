/**
 * The content security policy of the page: nothing is loaded, and only the two fixed inline texts run. A string of the data
 * that got past the escaping would still not be executed, and could not send anything anywhere.
 */

/** SHA-256 of the inline style, base64. A test recomputes it. */
export const STYLE_HASH = "v+bbco07yNLEHuL7orueF002NjVUSupewZe9vwtRYpU=";

/** SHA-256 of the inline script, base64. A test recomputes it. */
export const SCRIPT_HASH = "tSlL8u+xGdNS8S4Vf7pvB8vsxHljsyZWkpzklNxX9gY=";

export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  `script-src 'sha256-${SCRIPT_HASH}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
