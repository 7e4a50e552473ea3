import { lazy, Suspense, useId } from "react";
import { Loading } from "@/ui/Loading";
import styles from "./Source.module.css";
import type { Language } from "./SourceEditor";

const SourceEditor = lazy(() => import("./SourceEditor"));

interface Props {
  label: string;
  description?: string;
  value: string;
  onChange: (value: string) => void;
  language: Language;
  errorMessage?: string;
  isReadOnly?: boolean;
  isShort?: boolean;
}

/** A labelled source text; the editor is loaded when it is first shown. */
export function SourceField({ label, description, errorMessage, isReadOnly = false, isShort = false, ...rest }: Props) {
  const id = useId();
  const isInvalid = errorMessage !== undefined;
  return (
    <div>
      <span id={`${id}label`} className={styles.label}>
        {label}
      </span>
      <div className={`${styles.editor} ${isInvalid ? styles.invalid : ""} ${isShort ? styles.short : ""}`}>
        <Suspense fallback={<Loading />}>
          <SourceEditor
            {...rest}
            isInvalid={isInvalid}
            isReadOnly={isReadOnly}
            labelledBy={`${id}label`}
            describedBy={`${id}detail`}
          />
        </Suspense>
      </div>
      <p id={`${id}detail`} className={isInvalid ? styles.fault : styles.detail}>
        {errorMessage ?? description}
      </p>
    </div>
  );
}
