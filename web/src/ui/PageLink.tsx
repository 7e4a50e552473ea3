import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";
import styles from "./PageLink.module.css";

interface Props extends AnchorHTMLAttributes<HTMLAnchorElement> {
  ref?: Ref<HTMLAnchorElement>;
}

function Anchor({ ref, className, children, ...rest }: Props) {
  return (
    <a ref={ref} {...rest} className={`${styles.link} ${className ?? ""}`}>
      {children}
    </a>
  );
}

/** A link to a page of ours, its parameters and search checked by the compiler. */
export const PageLink = createLink(Anchor);
