import { useEffect, useRef } from "react";

interface Props {
  title: string;
  html: string;
  className?: string;
  width?: "desktop" | "phone";
  /** Load images of other servers, over https, without telling them where they are shown. */
  showsRemote?: boolean;
}

/** An e-mail as its reader sees it, apart from the page: it runs no script, and reaches nothing of ours. */
export function MailFrame({ title, html, className, width, showsRemote = false }: Props) {
  const shared = { title, className, "data-width": width };
  // What stands in the page's own document is under the page's policy, by which no image of others is loaded.
  if (!showsRemote) return <iframe {...shared} sandbox="" srcDoc={html} />;
  return <RemoteFrame {...shared} html={html} />;
}

function RemoteFrame({ html, ...shared }: { title: string; html: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  // A sandboxed document has no origin that could be named.
  const tell = (text: string) => frame.current?.contentWindow?.postMessage(text, "*");
  useEffect(() => {
    frame.current?.contentWindow?.postMessage(html, "*");
  }, [html]);
  return <iframe {...shared} ref={frame} sandbox="allow-scripts" src="/message-frame" onLoad={() => tell(html)} />;
}
