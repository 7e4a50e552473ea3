const IMAGES = /(?:\b(?:src|srcset|background|poster)\s*=\s*["']?|url\(\s*["']?)\s*https:/i;

/** Whether an e-mail shows images of other servers; only what comes over https is ever loaded. */
export const hasRemoteImages = (html: string): boolean => IMAGES.test(html);
