"""Ships the desk to AWS. Outside Django: it needs no settings and no database."""
