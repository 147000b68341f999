-- Functions of SQLite that statements call. What is no JSON, and what has no value there, is null.

CREATE OR REPLACE FUNCTION json_valid(doc text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    PERFORM doc::json;
    RETURN true;
EXCEPTION WHEN others THEN
    RETURN false;
END $$;

-- The value at a path such as '$.a.b', as a text; a switch is '1' or '0'.
CREATE OR REPLACE FUNCTION json_extract(doc text, path text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found json;
BEGIN
    found := doc::json #> string_to_array(substr(path, 3), '.');
    RETURN CASE json_typeof(found)
        WHEN 'null' THEN NULL
        WHEN 'boolean' THEN CASE found::text WHEN 'true' THEN '1' ELSE '0' END
        ELSE found #>> '{}' END;
EXCEPTION WHEN others THEN
    RETURN NULL;
END $$;

-- The numbers of a list.
CREATE OR REPLACE FUNCTION json_each(doc text) RETURNS TABLE (value bigint) LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS $$
    SELECT element::bigint FROM json_array_elements_text(doc::json) AS element
$$;

CREATE OR REPLACE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT strpos($1, $2)
$$;
