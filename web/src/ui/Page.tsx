import { Flex, Heading, Text } from "@adobe/react-spectrum";
import { type ReactNode, useEffect } from "react";
import styles from "./Page.module.css";

interface Props {
  title: string;
  description?: ReactNode;
  /** Buttons beside the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A reading page: title, what it is about, what can be done, and its content. */
export function Page({ title, description, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Parcours`;
  }, [title]);
  return (
    <div className={styles.page}>
      <Flex wrap alignItems="center" justifyContent="space-between" gap="size-200" marginBottom="size-200">
        <div className={styles.about}>
          <Heading level={1} margin={0}>
            {title}
          </Heading>
          {description && <Text>{description}</Text>}
        </div>
        {actions && (
          <Flex wrap gap="size-100">
            {actions}
          </Flex>
        )}
      </Flex>
      {children}
    </div>
  );
}
