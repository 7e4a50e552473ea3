import { Heading } from "@adobe/react-spectrum";
import { type ReactNode, useEffect } from "react";
import styles from "./Card.module.css";

/** The frame of the pages before somebody is signed in. */
export function Card({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Parcours`;
  }, [title]);
  return (
    <main className={styles.frame}>
      <div className={styles.card}>
        <img src="/favicon.svg" alt="Parcours" width="40" height="40" />
        <Heading level={1} marginTop="size-150" marginBottom="size-200">
          {title}
        </Heading>
        {children}
      </div>
    </main>
  );
}
