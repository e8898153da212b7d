SELECT list_tag AS value, list_tag AS title FROM voucher_lists WHERE partner = :partner ORDER BY 1
